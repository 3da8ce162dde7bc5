"""What an answer says, whatever form it claims to have."""

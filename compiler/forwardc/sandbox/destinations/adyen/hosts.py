"""The hosts at which Adyen answers: the one for tests, and each merchant's own."""

TEST_HOST = "checkout-test.adyen.com"
HOSTS = (TEST_HOST, "*.adyenpayments.com")

"""`make pictures`: the pictures of pages that the documents show, as a browser draws them."""

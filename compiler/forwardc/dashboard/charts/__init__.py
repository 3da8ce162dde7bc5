"""Charts as SVG text. Positions are attributes, colours are classes: a strict CSP allows both."""

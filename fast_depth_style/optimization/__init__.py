"""One picture at a time, by gradient descent on its pixels."""

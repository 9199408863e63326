"""Pictures made one at a time, by gradient descent on their pixels."""

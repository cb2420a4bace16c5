"""A module whose exceptions callers let be made anew on their side."""


class ConformanceError(Exception):
    def __init__(self, message, code=0):
        super().__init__(message)
        self.code = code
        self.kwargs = {"code": code}  # oslo.messaging sends them along.

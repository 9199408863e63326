"""Settings of a request to a server. Imports nothing heavy."""

from fast_depth_style.settings import check, setting, settings_class


@settings_class
class ServerSettings:
    """A model on a TensorFlow Serving. The client checks the address."""

    server: str = setting(
        "", "Its address: http://host:8501 (REST) or grpc://host:8500."
    )
    model: str = setting("", "Name of the model on the server.")
    timeout: float = setting(
        60.0, "Seconds to wait for an answer.", above=0, most=86_400
    )

    def __post_init__(self) -> None:
        """Raises RequestError for a time out of its range."""
        check(self)

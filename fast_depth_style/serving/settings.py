"""Which server is asked, and for which model. Imports nothing heavy."""

from fast_depth_style.settings import setting, settings_class


@settings_class
class ServerSettings:
    """A model on a TensorFlow Serving. The client checks address and time."""

    server: str = setting(
        "", "Its address: http://host:8501 (REST) or grpc://host:8500."
    )
    model: str = setting("", "Name of the model on the server.")
    timeout: float = setting(60.0, "Seconds to wait for an answer.")

"""Live preview window for a video or a camera."""

import contextlib
import os
import pathlib
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self

import numpy as np
from PIL import Image

from fast_depth_style.errors import MissingExtraError, RequestError
from fast_depth_style.images.size import fit_area
from fast_depth_style.stylization.frames import FramePainter
from fast_depth_style.stylization.model import load_styled
from fast_depth_style.stylization.settings import StylizeSettings
from fast_depth_style.stylization.video import read_frames

_LONG_SIDE = 960  # Pixels of the window.
_LATE = 0.05  # Seconds by which a frame of a video may be late.

Paint = Callable[[np.ndarray], np.ndarray]


class Window:
    """A window for pictures, of the main thread.

    Escape, q or its button close it.
    """

    def __init__(self, title: str):
        """Opens it; RequestError where there is no screen."""
        try:
            import tkinter
        except ImportError as error:
            raise RequestError(
                "a window needs tkinter: install python3-tk, or write a file"
            ) from error
        try:
            self._root = tkinter.Tk()
        except tkinter.TclError as error:
            raise RequestError(
                f"no screen for a window here ({error}): write a file with"
                " --output"
            ) from error
        self._root.title(title)
        self._label = tkinter.Label(self._root, text="…", bd=0)
        self._label.pack()
        self.is_open = True
        self._root.protocol("WM_DELETE_WINDOW", self._leave)
        for key in ("<Escape>", "q"):
            self._root.bind(key, self._leave)

    def __enter__(self) -> Self:
        """It is open already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes it."""
        self._root.destroy()

    def show(self, rgb: np.ndarray) -> None:
        """Shows a (height, width, 3) uint8 picture."""
        from PIL import ImageTk

        image = Image.fromarray(rgb)
        scale = _LONG_SIDE / max(image.size)
        size = [max(1, round(side * scale)) for side in image.size]
        image = image.resize((size[0], size[1]), Image.Resampling.BILINEAR)
        self._shown = ImageTk.PhotoImage(image, master=self._root)
        self._label.configure(image=self._shown)

    def update(self) -> None:
        """Draws, and takes note of keys."""
        self._root.update()

    def _leave(self, *_: object) -> None:
        self.is_open = False


def show(
    model: str | os.PathLike[str],
    settings: StylizeSettings,
    source: pathlib.Path | None = None,
    camera: str | None = None,
) -> int:
    """Shows the painting of a video or of a camera in a window.

    Returns:
        How many frames were painted.

    Raises:
        RequestError: There is no such model, video or camera, or no screen.
    """

    def load() -> Paint:
        return FramePainter(load_styled(model, settings), settings).paint

    with contextlib.ExitStack() as stack:
        if camera is not None:
            frames = stack.enter_context(camera_frames(camera))
        else:
            assert source is not None
            frames = video_frames(source)
        window = stack.enter_context(Window("fast-depth-style"))
        return play(window, frames, load, settings.paint_pixels)


def play(
    window: Window,
    frames: Iterable[np.ndarray],
    load: Callable[[], Paint],
    pixels: float,
) -> int:
    """Shows the paintings of frames until they end or the window is closed.

    Args:
        window: Where they are shown.
        frames: (height, width, 3) uint8; one is taken when the last is painted.
        load: Gives what paints a frame; called in another thread.
        pixels: About so many are painted of each.

    Returns:
        How many were painted.
    """
    made: queue.Queue[np.ndarray] = queue.Queue(maxsize=1)
    closed, errors, count = threading.Event(), [], 0

    def work() -> None:
        nonlocal count
        try:
            paint = load()
            for rgb in frames:
                if closed.is_set():
                    break
                if rgb.shape[0] * rgb.shape[1] > pixels:
                    rgb = fit_area(rgb, pixels)
                _replace(made, paint(rgb))
                count += 1
        except Exception as error:
            errors.append(error)

    worker = threading.Thread(target=work, name="painter", daemon=True)
    worker.start()
    try:
        while window.is_open and (worker.is_alive() or not made.empty()):
            with contextlib.suppress(queue.Empty):
                window.show(made.get(timeout=0.02))
            window.update()
    finally:
        closed.set()
        worker.join()
    if errors:
        raise errors[0]
    return count


def video_frames(source: pathlib.Path) -> Iterator[np.ndarray]:
    """Yields the frames of a video at their time; leaves out those too late.

    Errors are those of `video.read_frames`.
    """
    started = time.monotonic()
    for number, (rgb, seconds) in enumerate(read_frames(source)):
        early = seconds - (time.monotonic() - started)
        if number and early < -_LATE:
            continue
        time.sleep(max(0.0, early))
        yield rgb
        if not number:  # Loading takes time that is not the clip's.
            started = time.monotonic() - seconds


@contextlib.contextmanager
def camera_frames(camera: str) -> Iterator[Iterator[np.ndarray]]:
    """Opens a camera, by its number or its path; its newest frame each time.

    Raises:
        MissingExtraError: The extra `webcam` is not installed.
        RequestError: There is no such camera.
    """
    try:
        import cv2
    except ImportError as error:
        raise MissingExtraError(f"--webcam={camera}", "webcam") from error
    no_camera = RequestError(
        f"--webcam={camera}: no camera there: give its number (0 is the"
        " first) or path, or a video with --show"
    )
    if not camera.strip() or pathlib.Path(camera).is_fifo():
        raise no_camera  # A pipe would be waited for.
    # Or it writes lines of its own where there is no camera.
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    capture = cv2.VideoCapture(int(camera) if camera.isdecimal() else camera)
    newest: queue.Queue[np.ndarray | None] = queue.Queue(maxsize=1)
    closed = threading.Event()

    def read() -> None:
        while not closed.is_set():
            works, bgr = capture.read()
            if not works:
                break
            _replace(newest, bgr)
        newest.put(None)

    def frames() -> Iterator[np.ndarray]:
        while (bgr := newest.get()) is not None:
            yield np.ascontiguousarray(bgr[..., ::-1])

    if not capture.isOpened():
        raise no_camera
    reader = threading.Thread(target=read, name="camera", daemon=True)
    reader.start()
    try:
        yield frames()
    finally:
        closed.set()
        with contextlib.suppress(queue.Empty):
            newest.get_nowait()
        reader.join(timeout=5)
        capture.release()


def _replace(place: queue.Queue[Any], item: Any) -> None:
    """Puts an item into a queue of one, over what nobody took."""
    with contextlib.suppress(queue.Empty):
        place.get_nowait()
    place.put(item)

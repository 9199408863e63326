"""Pictures of every kind that a style transfer network makes on its way.

A perceptual network that only ever saw photos judges badly what a style
network shows it: grey fog at the start, wrong colours, noise, textures of the
painting on the shapes of the photo, values beyond 0..255. All of these are
made here, at random, from photos and paintings.
"""

import numpy as np
from PIL import Image, ImageFilter


def shrink(rgb: np.ndarray, short_side: int) -> np.ndarray:
    """`rgb` uint8 with its short side at most `short_side` pixels."""
    height, width = rgb.shape[:2]
    scale = short_side / min(height, width)
    if scale >= 1:
        return rgb
    size = round(width * scale), round(height * scale)
    return np.asarray(Image.fromarray(rgb).resize(size, Image.LANCZOS))


class VariedPictures:
    """Draws pictures from photos and paintings, with many disturbances."""

    def __init__(
        self,
        photos: list[np.ndarray],
        paintings: list[np.ndarray],
        size: int,
    ):
        """Keeps the sources.

        Args:
            photos: (height, width, 3) uint8 RGB, no side below `size`.
            paintings: The same; their style is what losses will ask for.
            size: Side of the pictures to make, in pixels.
        """
        self._photos = photos
        self._paintings = paintings
        self.size = size

    def photo(self, rng: np.random.Generator) -> np.ndarray:
        """A crop of a photo: (size, size, 3) float32 in 0..255."""
        return self._crop(self._photos[rng.integers(len(self._photos))], rng)

    def painting(self, rng: np.random.Generator) -> np.ndarray:
        """A crop of a painting: (size, size, 3) float32 in 0..255."""
        source = self._paintings[rng.integers(len(self._paintings))]
        return self._crop(source, rng)

    def varied(self, rng: np.random.Generator) -> np.ndarray:
        """A picture of any kind: (size, size, 3) float32, about 0..255."""
        kind = rng.choice(
            ["photo", "painting", "blend", "transfer", "texture"],
            p=[0.35, 0.25, 0.15, 0.15, 0.10],
        )
        if kind == "photo":
            picture = self.photo(rng)
        elif kind == "painting":
            picture = self.painting(rng)
        elif kind == "blend":
            picture = _mix(self.photo(rng), self.painting(rng), rng.random())
        elif kind == "transfer":
            picture = _transfer(
                self.photo(rng), self.painting(rng), rng.uniform(0, 1.5), rng
            )
        else:
            picture = _texture(self.size, rng)
        if rng.random() < 0.3:
            picture = _recolour(picture, rng)
        if rng.random() < 0.2:
            picture = picture + _noise(self.size, rng)
        if rng.random() < 0.1:
            picture = _blur(picture, rng.uniform(0.5, 3))
        # A network that starts is grey, one that overshoots leaves 0..255.
        if rng.random() < 0.2:
            grey = picture.mean(axis=(0, 1))
            picture = grey + (picture - grey) * rng.uniform(0.1, 1.8)
        return np.clip(picture, -60, 315).astype(np.float32)

    def disturbed(
        self, picture: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """`picture` and a disturbance, small or large: what changed it."""
        kind = rng.choice(
            ["noise", "detail", "toward", "blur", "recolour", "transfer"],
            p=[0.3, 0.2, 0.2, 0.1, 0.1, 0.1],
        )
        if kind == "noise":
            other = picture + _noise(self.size, rng)
        elif kind == "detail":
            texture = self.painting(rng)
            detail = texture - _blur(texture, rng.uniform(1, 4))
            other = picture + rng.uniform(0.2, 1.2) * detail
        elif kind == "toward":
            other = _mix(picture, self.painting(rng), rng.uniform(0.05, 0.5))
        elif kind == "blur":
            other = _blur(picture, rng.uniform(0.5, 2))
        elif kind == "recolour":
            other = _mix(picture, _recolour(picture, rng), rng.random())
        else:
            other = _transfer(
                picture, self.painting(rng), rng.uniform(0, 1), rng
            )
        return np.clip(other, -60, 315).astype(np.float32)

    def _crop(self, source, rng):
        height, width = source.shape[:2]
        low, high = np.log(self.size), np.log(min(height, width))
        side = int(np.exp(rng.uniform(low, high)))
        top = rng.integers(height - side + 1)
        left = rng.integers(width - side + 1)
        crop = source[top : top + side, left : left + side]
        if rng.random() < 0.5:
            crop = crop[:, ::-1]
        picture = Image.fromarray(np.ascontiguousarray(crop))
        if side != self.size:
            # Reading scaled-down JPEGs, networks and cameras all filter
            # differently, so no one filter is the right one.
            method = (Image.BILINEAR, Image.BICUBIC, Image.LANCZOS)[
                rng.integers(3)
            ]
            picture = picture.resize((self.size, self.size), method)
        return np.asarray(picture, np.float32)


def _mix(first, second, share):
    return (1 - share) * first + share * second


def _blur(picture, radius):
    rgb = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))
    soft = rgb.filter(ImageFilter.GaussianBlur(float(radius)))
    return np.asarray(soft, np.float32)


def _transfer(photo, painting, detail, rng):
    """The photo's shapes in the painting's colours, with its detail on top."""
    axes = (0, 1)
    spread = (painting.std(axes) + 4) / (photo.std(axes) + 4)
    picture = (photo - photo.mean(axes)) * spread + painting.mean(axes)
    return picture + detail * (painting - _blur(painting, rng.uniform(1, 5)))


def _recolour(picture, rng):
    """Another colour space: mixed and scaled channels, an offset, gamma."""
    gamma = np.exp(rng.normal(0, 0.4))
    unit = (np.clip(picture, 0, 255) / 255) ** gamma - 0.5
    mixing = np.eye(3) * rng.choice([1, 1, 1, -1]) + rng.normal(0, 0.3, (3, 3))
    return 255 * (unit @ mixing + 0.5 + rng.normal(0, 0.1, 3))


def _noise(size, rng):
    """Noise of random strength, coarseness and colour; zero mean."""
    grain = int(rng.choice([1, 1, 2, 4, 8]))
    cells = -(-size // grain)
    channels = rng.choice([1, 3])
    noise = rng.normal(size=(cells, cells, channels))
    noise = noise.repeat(grain, 0).repeat(grain, 1)[:size, :size]
    return np.exp(rng.uniform(np.log(2), np.log(60))) * noise


def _texture(size, rng):
    """A texture that no photo has: filtered noise, stripes or tiles."""
    colours = rng.uniform(0, 255, (2, 3))
    kind = rng.integers(3)
    if kind == 0:
        frequencies = np.hypot(*np.meshgrid(*2 * [np.fft.fftfreq(size)]))
        spectrum = np.fft.fft2(rng.normal(size=(size, size, 3)), axes=(0, 1))
        power = rng.uniform(0, 2)
        spectrum *= (1 / (frequencies + 1 / size) ** power)[..., None]
        field = np.fft.ifft2(spectrum, axes=(0, 1)).real
        return 128 + 50 * field / (field.std() + 1e-6)
    if kind == 1:
        angle, period = rng.uniform(0, np.pi), np.exp(rng.uniform(0.7, 3.5))
        y, x = np.mgrid[:size, :size]
        wave = np.sin(
            2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / period
            + rng.uniform(0, 6.3)
        )
        share = np.clip(0.5 + rng.uniform(0.5, 4) * wave, 0, 1)[..., None]
        return _mix(colours[0], colours[1], share)
    grain = int(rng.choice([2, 4, 8, 16, 32]))
    cells = -(-size // grain)
    tiles = rng.uniform(0, 255, (cells, cells, 3))
    return tiles.repeat(grain, 0).repeat(grain, 1)[:size, :size]

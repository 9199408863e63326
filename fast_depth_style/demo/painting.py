"""A painting of our own: brush strokes along a flow of whirls."""

import numpy as np
from PIL import Image, ImageDraw


def _palette(colours: str) -> np.ndarray:
    return np.array([[*bytes.fromhex(c)] for c in colours.split()], float)


_SUPERSAMPLING = 2
# Night blues and teals, a band of warm lights, a few dark accents.
_SKY = _palette("0d1b3e 14346e 1e5a94 4092b0 8cc4be")
_LIGHT = _palette("d65826 ec942c face5c fff0be")
_ACCENT = _palette("601430 0a0e22 bc282c")
# (x, y, radius, turn) of each whirl, in parts of the shorter side.
_WHIRLS = (
    (0.30, 0.34, 0.24, 1.0),
    (0.92, 0.22, 0.18, -1.0),
    (1.12, 0.70, 0.26, 1.0),
    (0.48, 0.86, 0.17, -1.0),
)
# (breadth, length, density) of each layer of strokes, likewise.
_LAYERS = (
    (0.060, 0.30, 9.0),
    (0.034, 0.24, 12.0),
    (0.018, 0.17, 14.0),
    (0.010, 0.10, 9.0),
)


def paint(height: int = 512, width: int = 704, seed: int = 7) -> np.ndarray:
    """Paints the picture that the demo learns its style from.

    Layers of strokes, broad ones first. A stroke follows the flow, takes its
    colour from where it starts and is drawn as a bundle of bristles. The same
    seed paints the same picture, (height, width, 3) uint8 RGB.
    """
    random = np.random.default_rng(seed)
    scale = _SUPERSAMPLING
    canvas = Image.new("RGB", (width * scale, height * scale), (16, 34, 74))
    draw = ImageDraw.Draw(canvas)
    side = min(height, width)
    corner = width / side, height / side
    for breadth, length, density in _LAYERS:
        area = side * side * breadth * length
        number = int(int(density * height * width / area) * 0.35)
        for start in random.uniform((0, 0), corner, (number, 2)):
            path = _follow(start, length * random.uniform(0.6, 1.2), random)
            colour = _colour(start, random)
            pixels = side * scale
            _stroke(draw, path * pixels, breadth * pixels, colour, random)
    return np.asarray(canvas.resize((width, height), Image.Resampling.LANCZOS))


def _flow(points):
    """Unit direction at (n, 2) points: whirls over a slow wave."""
    x, y = points[..., 0], points[..., 1]
    u = 1.0 + 0.0 * x
    v = 0.45 * np.sin(3.1 * x + 1.3 * np.sin(2.2 * y))
    for cx, cy, radius, turn in _WHIRLS:
        dx, dy = x - cx, y - cy
        pull = 3.2 * turn * np.exp(-(dx**2 + dy**2) / radius**2) / radius
        u, v = u - pull * dy, v + pull * dx
    norm = np.hypot(u, v) + 1e-9
    return np.stack([u / norm, v / norm], -1)


def _follow(start, length, random):
    """A path of 12 points from `start` along the flow."""
    points = [start]
    step = length / 12 * random.choice((-1.0, 1.0))
    for _ in range(11):
        points.append(points[-1] + step * _flow(points[-1]))
    return np.array(points)


def _colour(point, random):
    """Rings of light around the whirls, night between them."""
    glow = 0.0
    for cx, cy, radius, _ in _WHIRLS:
        distance = np.hypot(point[0] - cx, point[1] - cy) / radius
        rim = np.exp(-((distance - 1.0) ** 2) * 14)
        glow = max(glow, np.exp(-(distance**2) * 2.2) + 0.5 * rim)
    chance = random.uniform()
    if chance < 0.05:
        palette, place = _ACCENT, random.uniform()
    elif glow + random.normal(0, 0.16) > 0.5:
        palette, place = _LIGHT, glow - 0.1
    else:
        palette, place = _SKY, 0.2 + 0.9 * glow + 0.25 * np.sin(7 * point[1])
    place = np.clip(place + random.normal(0, 0.16), 0, 1) * (len(palette) - 1)
    low = min(int(place), len(palette) - 2)
    mixed = palette[low] + (place - low) * (palette[low + 1] - palette[low])
    return mixed + random.normal(0, 7, 3)


def _stroke(draw, path, breadth, colour, random):
    """Draws a bundle of bristles, each of a shade of its own."""
    along = np.gradient(path, axis=0)
    across = np.stack([-along[:, 1], along[:, 0]], -1)
    across /= np.hypot(*across.T)[:, None] + 1e-9
    taper = np.sin(np.linspace(0.35, np.pi - 0.2, len(path)))[:, None] ** 0.5
    bristles = max(4, int(breadth / 3.0))
    thickness = max(1, round(1.5 * breadth / bristles))
    for offset in random.permutation(np.linspace(-0.5, 0.5, bristles)):
        line = path + across * taper * offset * breadth
        first, last = random.integers(0, 2), len(path) - random.integers(0, 3)
        shade = 26 * (offset + random.normal(0, 0.25))
        fill = tuple(int(c) for c in np.clip(colour + shade, 0, 255))
        points = [tuple(point) for point in line[first:last]]
        draw.line(points, fill=fill, width=thickness, joint="curve")

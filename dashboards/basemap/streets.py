"""Draws schematic streets: rows parallel to the coast every 85 m and cross lines between them, inside buffers round the places.

No published package holds the streets of every Italian town, so these are not real streets and the map says so. They are good enough to place
street lights, junctions and pipes where a reader of the map expects them. A town without coast gets a plain grid along its longest axis.
"""

import math

from shapely.affinity import rotate, translate
from shapely.geometry import LineString, MultiLineString, Point, Polygon, box
from shapely.ops import linemerge, nearest_points, transform, unary_union

ROW_SPACING_M = 85
FIRST_ROW_M = 45
CROSS_SPACING_M = 130
# Headlands and moles narrower than twice this do not bend the rows.
SMOOTHING_M = 500
# Width of the built strip along the coast: this much at the centre, falling off with the distance from it.
STRIP_WIDTH_M = 1500
STRIP_REACH_M = 5200
STRIP_LEAST_M = 230
SHORTEST_STREET_M = 130
CLOSEST_CROSSINGS_M = 70

DEFAULT_NAMES = [
    "Via Roma", "Via Mazzini", "Via Garibaldi", "Via Cavour", "Via Dante", "Via Verdi", "Via Marconi", "Via Matteotti", "Via Gramsci", "Via Manzoni",
    "Via Leopardi", "Via Foscolo", "Via Petrarca", "Via Ariosto", "Via Galilei", "Via Volta", "Via Galvani", "Via Colombo", "Via Vespucci", "Via Marco Polo",
    "Via dei Mille", "Via Trieste", "Via Trento", "Via Gorizia", "Via Piave", "Via Isonzo", "Via Adua", "Via Milano", "Via Torino", "Via Venezia",
    "Via Firenze", "Via Napoli", "Via Bologna", "Via Genova", "Via Palermo", "Via Bari", "Via San Francesco", "Via San Giovanni", "Via Santa Lucia", "Via San Rocco",
    "Via della Chiesa", "Via del Mulino", "Via della Fonte", "Via dei Tigli", "Via delle Rose", "Via dei Pini", "Via degli Ulivi", "Via del Parco", "Via della Stazione", "Via dell'Industria",
]


class Plane:
    """Metres east and north of a centre; exact enough over one municipality."""

    def __init__(self, centre):
        self.lon, self.lat = centre
        self.per_lat = 111_132.95 - 559.82 * math.cos(2 * math.radians(self.lat))
        self.per_lon = 111_412.84 * math.cos(math.radians(self.lat)) - 93.5 * math.cos(3 * math.radians(self.lat))

    def to_metres(self, geometry):
        return transform(lambda x, y: ((x - self.lon) * self.per_lon, (y - self.lat) * self.per_lat), geometry)

    def to_degrees(self, geometry):
        return transform(lambda x, y: (x / self.per_lon + self.lon, y / self.per_lat + self.lat), geometry)

    def point(self, at):
        return self.to_metres(Point(at))


def lines_of(geometry):
    """The line strings inside any geometry."""
    if isinstance(geometry, LineString):
        return [] if geometry.is_empty else [geometry]
    return [line for part in getattr(geometry, "geoms", []) for line in lines_of(part)]


def polygons_of(geometry):
    """The polygons inside any geometry, largest first."""
    if isinstance(geometry, Polygon):
        return [] if geometry.is_empty else [geometry]
    found = [p for part in getattr(geometry, "geoms", []) for p in polygons_of(part)]
    return sorted(found, key=lambda p: (-p.area, p.bounds))


def joined(geometry):
    """Lines joined end to end where they meet, in a fixed order."""
    lines = lines_of(geometry)
    merged = lines_of(linemerge(lines)) if len(lines) > 1 else lines
    return sorted(merged, key=lambda l: (round(l.bounds[1]), round(l.bounds[0]), round(l.length)))


class Town:
    """Ground and reference lines of one municipality, in metres."""

    def __init__(self, plane, city, land, centre, places, quarters):
        self.plane = plane
        self.centre = plane.point(centre)
        near = plane.to_metres(land.intersection(box(*city.buffer(0.1).bounds)))
        self.land = near.buffer(-SMOOTHING_M).buffer(SMOOTHING_M)
        self.ground = plane.to_metres(city).intersection(near).buffer(-25)
        self.quarters = [(q["name"], plane.point(q["at"])) for q in quarters]
        window = box(*plane.to_metres(city.buffer(0.1)).bounds).buffer(-500)
        self.coast = self.land.boundary.intersection(self.ground.buffer(150)).intersection(window)
        self.has_coast = self.coast.length > 1000
        self.places = places
        self.villages = [
            (p["name"], plane.point(p["at"]), min(480.0, max(150.0, 8.5 * math.sqrt(p["population"])))) for p in places[1:]
        ]
        self.built = self.built_area().intersection(self.ground)

    def width_at(self, point):
        distance = point.distance(self.centre)
        return max(STRIP_LEAST_M, STRIP_WIDTH_M * math.exp(-((distance / STRIP_REACH_M) ** 2)))

    def built_area(self):
        discs = [at.buffer(radius) for _, at, radius in self.villages]
        if self.has_coast:
            for line in joined(self.coast):
                for k in range(int(line.length // 120) + 1):
                    at = line.interpolate(k * 120)
                    discs.append(at.buffer(self.width_at(at)))
        else:
            people = self.places[0]["population"] if self.places else 10_000
            discs.append(self.centre.buffer(min(3500.0, 9.0 * math.sqrt(people))))
        return unary_union(discs)

    def quarter_of(self, point):
        return min(self.quarters, key=lambda q: (point.distance(q[1]), q[0]))[0]


def coast_rows(town):
    """(row, line) for each line parallel to the coast; row 0 is next to the water."""
    row = 0
    while True:
        inner = town.land.buffer(-(FIRST_ROW_M + row * ROW_SPACING_M))
        if inner.is_empty or row > 140:
            return
        for line in joined(inner.boundary.intersection(town.built)):
            yield row, line.simplify(5)
        row += 1


def coast_crossings(town):
    """Lines from the first row inland, at right angles to the coast, dropped where a bend brings them too near to each other."""
    first = town.land.buffer(-FIRST_ROW_M).boundary.intersection(town.built)
    taken = []
    for base in joined(first):
        for k in range(1, int(base.length // CROSS_SPACING_M) + 1):
            s = k * CROSS_SPACING_M - CROSS_SPACING_M / 2
            before, at, after = base.interpolate(max(0.0, s - 250)), base.interpolate(s), base.interpolate(min(base.length, s + 250))
            dx, dy = after.x - before.x, after.y - before.y
            norm = math.hypot(dx, dy) or 1.0
            reach = town.width_at(at) + 40
            for sign in (1, -1):
                nx, ny = -dy / norm * sign, dx / norm * sign
                if not town.land.contains(Point(at.x + nx * 60, at.y + ny * 60)):
                    continue
                ray = LineString([(at.x, at.y), (at.x + nx * reach, at.y + ny * reach)]).intersection(town.built)
                if taken:
                    ray = ray.difference(unary_union([t for t in taken if t.distance(ray) < 200] or [Point(1e9, 1e9)]).buffer(CLOSEST_CROSSINGS_M))
                piece = min(lines_of(ray), key=lambda l: l.distance(at), default=None)
                if piece is not None and piece.distance(at) < 10 and piece.length >= SHORTEST_STREET_M:
                    taken.append(piece)
                break
    return taken


def grid(area, angle, across, along):
    """Plain grid clipped to an area: (rows along `angle`, lines across it), rows counted from the middle."""
    middle = area.centroid
    reach = max(area.bounds[2] - area.bounds[0], area.bounds[3] - area.bounds[1])

    def sheaf(turn, spacing):
        found = []
        for k in range(-int(reach // spacing), int(reach // spacing) + 1):
            line = translate(LineString([(middle.x - reach, middle.y), (middle.x + reach, middle.y)]), 0, k * spacing)
            found += [(abs(k) * 2 + (k < 0), part) for part in joined(rotate(line, turn, origin=middle).intersection(area))]
        return found

    return sheaf(angle, across), [line for _, line in sheaf(angle + 90, along)]


def village_crossings(town, taken):
    """Cross lines inside each village, and one road from it down to the nearest row of the strip."""
    roads = []
    streets = []
    for name, at, radius in town.villages:
        shore = nearest_points(town.coast, at)[0]
        if shore.distance(at) < town.width_at(shore):
            continue
        angle = math.degrees(math.atan2(at.y - shore.y, at.x - shore.x))
        disc = at.buffer(radius).intersection(town.ground)
        if disc.is_empty:
            continue
        _, across = grid(disc, angle + 90, ROW_SPACING_M, CROSS_SPACING_M)
        streets += [line for line in across if all(line.distance(t) > CLOSEST_CROSSINGS_M for t in taken + streets if t.distance(at) < 900)]
        middle = Point((at.x + shore.x) / 2 + (shore.y - at.y) * 0.07, (at.y + shore.y) / 2 + (at.x - shore.x) * 0.07)
        bend = LineString([_between(at, middle, shore, t / 10) for t in range(11)])
        road = max(lines_of(bend.intersection(town.ground)), key=lambda l: l.length, default=None)
        if road is not None:
            roads.append((name, road))
    return streets, roads


def _between(a, b, c, t):
    """Point of the quadratic curve a-b-c at t."""
    u = 1 - t
    return (u * u * a.x + 2 * u * t * b.x + t * t * c.x, u * u * a.y + 2 * u * t * b.y + t * t * c.y)


def by_quarter(town, line):
    """A long row cut where the nearest quarter changes: [(quarter, line)]."""
    steps = max(1, int(line.length // 60))
    marks = [line.interpolate(k / steps, normalized=True) for k in range(steps + 1)]
    pieces, start = [], 0
    names = [town.quarter_of(line.interpolate((k + 0.5) / steps, normalized=True)) for k in range(steps)]
    for k in range(1, steps + 1):
        if k == steps or names[k] != names[start]:
            pieces.append((names[start], LineString(marks[start : k + 1]).simplify(4)))
            start = k
    return pieces


def draw_streets(plane, city, land, centre, places, quarters, lore):
    """All streets: dicts with name, kind, lit, quarter and line (degrees), in a fixed order."""
    town = Town(plane, city, land, centre, places, quarters)
    if town.has_coast:
        rows = list(coast_rows(town))
        crossings = coast_crossings(town)
        inner, roads = village_crossings(town, crossings)
        crossings += inner
    else:
        hull = town.ground.minimum_rotated_rectangle.exterior.coords
        side = max(zip(hull, hull[1:]), key=lambda s: math.dist(*s))
        angle = math.degrees(math.atan2(side[1][1] - side[0][1], side[1][0] - side[0][0]))
        rows, crossings = grid(town.built, angle, ROW_SPACING_M, CROSS_SPACING_M)
        roads = []

    named = {(q, r["row"]): r for r in lore.get("rows", []) for q in r["quarters"]}
    streets = []
    parts = {}
    for row, line in rows:
        for quarter, piece in by_quarter(town, line):
            rule = named.get((quarter, row))
            if rule:
                parts.setdefault(rule["name"], (rule, quarter, []))[2].append(piece)
            elif piece.length >= SHORTEST_STREET_M:
                kind = "primary" if row == 0 else "secondary" if row % 5 == 0 else "residential"
                streets.append({"name": None, "kind": kind, "quarter": quarter, "line": piece, "lit": True})
    for rule, quarter, pieces in parts.values():
        for line in joined(MultiLineString(pieces)):
            if line.length >= SHORTEST_STREET_M:
                streets.append({"name": rule["name"], "kind": rule["kind"], "quarter": quarter, "line": line, "lit": True})

    owners = {}
    for wish in lore.get("crossings", []):
        at = plane.point(wish["at"])
        free = [k for k in range(len(crossings)) if k not in owners and crossings[k].length > 300]
        owners[min(free, key=lambda k: crossings[k].distance(at))] = wish
    for k, line in enumerate(crossings):
        wish = owners.get(k)
        kind = wish["kind"] if wish else "secondary" if k % 6 == 0 else "residential"
        streets.append({
            "name": wish["name"] if wish else None, "kind": kind, "lit": True,
            "quarter": town.quarter_of(line.interpolate(0.5, normalized=True)), "line": line,
        })
    for name, line in roads:
        streets.append({"name": f"Strada provinciale per {name}", "kind": "secondary", "quarter": name, "line": line.simplify(8), "lit": False})

    ring = lore.get("ring")
    if ring:
        low, high = (plane.point([centre[0], lat]).y for lat in ring["latitudes"])
        band = box(-1e6, low, 1e6, high)
        smooth = town.land.buffer(-ring["offset_m"] - 900).buffer(900)
        line = max(joined(smooth.boundary.intersection(town.ground).intersection(band)), key=lambda l: l.length, default=None)
        if line is not None:
            middle = line.interpolate(0.5, normalized=True)
            streets.append({"name": ring["name"], "kind": ring["kind"], "quarter": town.quarter_of(middle), "line": line.simplify(8), "lit": False})

    give_names(streets, lore.get("street_names", DEFAULT_NAMES))
    for street in streets:
        street["line"] = plane.to_degrees(street["line"])
    return streets


def give_names(streets, pool):
    """Names the rest from a pool, never twice in one quarter: the quarter stands in brackets after the name."""
    used = {}
    for street in streets:
        if street["name"] is None:
            count = used.get(street["quarter"], 0)
            used[street["quarter"]] = count + 1
            shift = sum(map(ord, street["quarter"])) * 7
            name = pool[(count + shift) % len(pool)]
            round_again = count // len(pool)
            street["name"] = f"{name} ({street['quarter']})" if round_again == 0 else f"{name} {round_again + 1} ({street['quarter']})"

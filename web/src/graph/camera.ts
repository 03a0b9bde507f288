/** How the plane with the graph lies in its frame: moved by x and y, then scaled. */
export interface Camera {
  x: number;
  y: number;
  scale: number;
}

export interface Size {
  width: number;
  height: number;
}

/** Beyond these nothing can be read, or found. */
const smallest = 0.15;
const largest = 2.5;

/** Shows all of the plane, in the middle, at its own size at most. */
export function fit(plane: Size, frame: Size): Camera {
  if (plane.width <= 0 || plane.height <= 0) return { x: 0, y: 0, scale: 1 };
  const scale = clamp(Math.min(frame.width / plane.width, frame.height / plane.height, 1));
  return { x: (frame.width - plane.width * scale) / 2, y: (frame.height - plane.height * scale) / 2, scale };
}

/** Scales by a factor, so that what is at a point of the frame stays there. */
export function zoom(camera: Camera, factor: number, at: { x: number; y: number }): Camera {
  const scale = clamp(camera.scale * factor);
  const by = scale / camera.scale;
  return { x: at.x - (at.x - camera.x) * by, y: at.y - (at.y - camera.y) * by, scale };
}

/** Moves as little as needed for a box of the plane to be within the frame. */
export function reveal(camera: Camera, box: Size & { x: number; y: number }, frame: Size): Camera {
  const along = (move: number, at: number, length: number, room: number): number => {
    const [begin, end] = [at * camera.scale + move, (at + length) * camera.scale + move];
    if (begin < 0) return move - begin;
    return end > room ? move - Math.min(end - room, begin) : move;
  };
  return {
    ...camera,
    x: along(camera.x, box.x, box.width, frame.width),
    y: along(camera.y, box.y, box.height, frame.height),
  };
}

function clamp(scale: number): number {
  return Math.min(largest, Math.max(smallest, scale));
}

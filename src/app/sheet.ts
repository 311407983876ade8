/** Side of the sheet in its own pixels, ten for each of the model's. */
export const SHEET_SIDE = 280;
/** Width of a stroke: about as wide, after fitting, as MNIST's pens. */
const STROKE = 22;

export interface Sheet {
  /** A dot, and where the next line starts. */
  down(x: number, y: number): void;
  line(x: number, y: number): void;
  clear(): void;
  /** 0 (paper) to 1 (ink), row by row. */
  ink(): Float32Array;
  readonly canvas: HTMLCanvasElement;
}

/** The sheet as a PNG, white ink on black paper. */
export function pictureOf(sheet: Sheet): Promise<Blob> {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SHEET_SIDE;
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("this browser draws no 2D canvas");
  // The sheet's ink is black: what is not there of it becomes the paper, and it becomes white.
  context.drawImage(sheet.canvas, 0, 0);
  context.globalCompositeOperation = "source-in";
  context.fillStyle = "white";
  context.fillRect(0, 0, SHEET_SIDE, SHEET_SIDE);
  context.globalCompositeOperation = "destination-over";
  context.fillStyle = "black";
  context.fillRect(0, 0, SHEET_SIDE, SHEET_SIDE);
  return new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the drawing could not be made a picture"))), "image/png"));
}

/** Ink on a canvas, kept in its alpha channel only, so that the page's theme may colour it as it likes. */
export function createSheet(canvas: HTMLCanvasElement): Sheet {
  canvas.width = SHEET_SIDE;
  canvas.height = SHEET_SIDE;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("this browser draws no 2D canvas");
  context.lineWidth = STROKE;
  context.lineCap = "round";
  context.lineJoin = "round";
  let at = { x: 0, y: 0 };
  const line = (x: number, y: number): void => {
    context.beginPath();
    context.moveTo(at.x, at.y);
    context.lineTo(x, y);
    context.stroke();
    at = { x, y };
  };
  return {
    canvas,
    down(x, y) {
      at = { x, y };
      line(x, y);
    },
    line,
    clear: () => context.clearRect(0, 0, SHEET_SIDE, SHEET_SIDE),
    ink() {
      const { data } = context.getImageData(0, 0, SHEET_SIDE, SHEET_SIDE);
      return Float32Array.from({ length: SHEET_SIDE * SHEET_SIDE }, (_, pixel) => (data[4 * pixel + 3] ?? 0) / 255);
    },
  };
}

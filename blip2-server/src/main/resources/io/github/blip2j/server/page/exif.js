const UPRIGHT = 1;
const TAG = 0x0112;

/**
 * The EXIF orientation of a JPEG file, 1 (upright) to 8; 1 for files without one. The server reads
 * pixels as they are stored, so a picture that is stored on its side has to be turned here.
 */
export async function orientation(blob) {
  if (blob.type !== "image/jpeg") return UPRIGHT;
  const view = new DataView(await blob.slice(0, 1 << 17).arrayBuffer());
  try {
    for (let at = 2; view.getUint8(at) === 0xff; at += 2 + view.getUint16(at + 2)) {
      if (view.getUint8(at + 1) === 0xe1 && view.getUint32(at + 4) === 0x45786966) return inTiff(view, at + 10);
      if (view.getUint8(at + 1) === 0xda) break; // pixels
    }
  } catch (e) {
    if (!(e instanceof RangeError)) throw e; // cut off: no orientation
  }
  return UPRIGHT;
}

function inTiff(view, start) {
  const little = view.getUint16(start) === 0x4949;
  const folder = start + view.getUint32(start + 4, little);
  for (let i = 0; i < view.getUint16(folder, little); i++) {
    const entry = folder + 2 + 12 * i;
    if (view.getUint16(entry, little) === TAG) {
      const value = view.getUint16(entry + 8, little);
      return value >= 1 && value <= 8 ? value : UPRIGHT;
    }
  }
  return UPRIGHT;
}

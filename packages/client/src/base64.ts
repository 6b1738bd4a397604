/** Bytes as our API writes them: standard base64 with padding. Without Buffer, so that a browser has it too. */
const BYTES_PER_CALL = 8_192;

export function toBase64(bytes: Uint8Array): string {
  let binary = '';
  // Arguments of one call lie on the stack.
  for (let start = 0; start < bytes.length; start += BYTES_PER_CALL)
    binary += String.fromCharCode(...bytes.subarray(start, start + BYTES_PER_CALL));
  return btoa(binary);
}

/** @throws TypeError for anything that `toBase64` wouldn't have written */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  let bytes: Uint8Array<ArrayBuffer> | undefined;
  try {
    bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    // Said below.
  }
  if (bytes === undefined || toBase64(bytes) !== text) throw new TypeError('not base64 with its padding');
  return bytes;
}

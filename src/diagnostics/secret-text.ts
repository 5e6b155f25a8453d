/**
 * Whether a line stands in a document that may be a Kubernetes Secret. The text may be broken, so this does not parse:
 * the document's words decide, and in doubt the line is kept back.
 */
export function mayHoldSecret(text: string, line: number): boolean {
  const document = documentAt(text, line);
  return /\bSecret(?:List)?\b/.test(document) && /\b(?:data|stringData)\b/.test(document);
}

/** The text between the document markers around a line. */
function documentAt(text: string, line: number): string {
  let start = 0;
  let lineNumber = 1;
  let lineStart = 0;
  while (lineStart <= text.length) {
    const isMarker = /^(?:---|\.\.\.)(?=\s|$)/.test(text.slice(lineStart, lineStart + 4));
    if (isMarker && lineNumber <= line) start = lineStart;
    if (isMarker && lineNumber > line) return text.slice(start, lineStart);
    const newline = text.indexOf('\n', lineStart);
    if (newline === -1) break;
    lineStart = newline + 1;
    lineNumber++;
  }
  return text.slice(start);
}

// Style vectors: names, dials and a table of rows, as styles.json gives them.

/** Reads {styles, dials, shape, table_base64}; one style has no table. */
export function readStyles(list) {
  if (!list.table_base64) return { ...list, table: null };
  const bytes = Uint8Array.from(atob(list.table_base64), (c) =>
    c.charCodeAt(0),
  );
  return { ...list, table: new Float32Array(bytes.buffer) };
}

/** Adds a style's rows behind the others; returns its number. */
export function addStyle(list, name, rows) {
  const table = new Float32Array(list.table.length + rows.length);
  table.set(list.table);
  table.set(rows, list.table.length);
  const [count, ...shape] = list.shape;
  Object.assign(list, {
    styles: [...list.styles, name],
    shape: [count + 1, ...shape],
    table,
  });
  return count;
}

/**
 * The sum over styles s of w_s (t[s][0] + depth t[s][1] + stroke t[s][2]).
 * @param weights {number of a style: weight}
 * @param dials values from 0 to 1, in the order of `styles.dials`
 * @returns Float32Array, or null where the network takes no vector
 */
export function vectorOf(styles, weights, dials) {
  if (!styles.table) return null;
  const [, rows, size] = styles.shape;
  const vector = new Float32Array(size);
  for (const [style, weight] of Object.entries(weights)) {
    for (let row = 0; row < rows; row++) {
      const factor = weight * (row ? dials[row - 1] : 1);
      const start = (Number(style) * rows + row) * size;
      for (let i = 0; i < size; i++) {
        vector[i] += factor * styles.table[start + i];
      }
    }
  }
  return vector;
}

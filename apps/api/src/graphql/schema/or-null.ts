/** Converts what is there; the absent and the hidden are null. */
export const orNull = <From, To>(value: From | null | undefined, convert: (value: From) => To): To | null =>
  value === null || value === undefined ? null : convert(value);

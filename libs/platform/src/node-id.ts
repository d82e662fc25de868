/** The id by which an object is known outside, of its type and key: for the GraphQL API, and for what leads to it. */
export const nodeId = (type: string, key: string): string => Buffer.from(`${type}:${key}`).toString('base64url');

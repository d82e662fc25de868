export function restClient(service: { url: string }): object;

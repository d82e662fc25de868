const MAX_LENGTH = 2048;

/**
 * What is wrong with the form of a URL that the service is to call, as the end of a sentence that begins with the URL's
 * name: "must be …". Undefined when nothing is. Where its host leads to is looked at with each call, and not here.
 */
export function checkOutboundUrl(url: string): string | undefined {
  if (url.length > MAX_LENGTH) return `must have at most ${MAX_LENGTH} characters`;
  if (!URL.canParse(url) || !/^https?:\/\//i.test(url)) {
    return 'must be an https URL, for example https://hooks.example.com/models';
  }
  const { username, password, hash } = new URL(url);
  if (username || password) return 'must carry no user name and no password';
  if (hash) return 'must have no part behind a #: it would not be sent';
  return undefined;
}

/** One answer, as a browser sees it before it follows a redirect. */
export interface Page {
  url: string;
  status: number;
  headers: Headers;
  body: string;
}

/** As much of a browser as a login needs: cookies by origin, forms, and redirects that it follows. */
export class Browser {
  private readonly jar = new Map<string, Map<string, string>>();

  /** @param hosts where origins really are that no name server knows: the public address of a service under test */
  constructor(private readonly hosts: Record<string, string> = {}) {}

  cookiesOf(url: string): Map<string, string> {
    const { origin } = new URL(url);
    const cookies = this.jar.get(origin) ?? new Map<string, string>();
    this.jar.set(origin, cookies);
    return cookies;
  }

  async request(method: string, url: string, form?: Record<string, string>): Promise<Page> {
    const { origin } = new URL(url);
    const cookies = this.cookiesOf(url);
    const response = await fetch(url.replace(origin, this.hosts[origin] ?? origin), {
      method,
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      body: form && new URLSearchParams(form),
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '' || /expires=Thu, 01 Jan 1970/i.test(line)) cookies.delete(name);
      else cookies.set(name, value);
    }
    return { url, status: response.status, headers: response.headers, body: await response.text() };
  }

  /** Follows redirects, until there is none or `until` says that the next address is far enough. */
  async open(url: string, until: (next: string) => boolean = () => false): Promise<Page> {
    return this.follow(await this.request('GET', url), until);
  }

  async follow(page: Page, until: (next: string) => boolean = () => false): Promise<Page> {
    let current = page;
    for (let location = current.headers.get('location'); location; location = current.headers.get('location')) {
      const next = new URL(location, current.url).href;
      if (until(next)) return { ...current, url: next };
      current = await this.request('GET', next);
    }
    return current;
  }

  /** Signs in at the provider's own pages, from where a service sent the browser to. @returns where the provider sends it back to */
  async signIn(location: string, account: string, back: (next: string) => boolean): Promise<string> {
    let page = await this.open(location, back);
    while (!back(page.url)) {
      const prompt = /name="prompt" value="(\w+)"/.exec(page.body)?.[1];
      if (!prompt) throw new Error(`the provider shows no form at ${page.url} (${page.status}): ${page.body}`);
      page = await this.follow(await this.request('POST', page.url, { prompt, login: account, password: 'x' }), back);
    }
    return page.url;
  }
}

import { checkOutboundUrl } from './outbound-url.js';

describe('checkOutboundUrl', () => {
  it.each([
    'https://hooks.example.com',
    'https://hooks.example.com:8443/a?b=c',
    'http://10.20.0.7/hook',
    'HTTPS://[::1]/',
  ])('takes %s', (url) => expect(checkOutboundUrl(url)).toBeUndefined());

  it.each([
    ['', 'must be an https URL'],
    ['hooks.example.com', 'must be an https URL'],
    ['ftp://hooks.example.com', 'must be an https URL'],
    ['file:///etc/passwd', 'must be an https URL'],
    ['https:hooks.example.com', 'must be an https URL'],
    ['https://', 'must be an https URL'],
    ['https://hooks.example.com:65536', 'must be an https URL'],
    ['https://1.2.3.256', 'must be an https URL'],
    ['https://user@hooks.example.com', 'must carry no user name'],
    ['https://:secret@hooks.example.com', 'must carry no user name'],
    ['https://hooks.example.com/#part', 'must have no part behind a #'],
    [`https://hooks.example.com/${'a'.repeat(2048)}`, 'must have at most 2048 characters'],
  ])('says what is wrong with %s', (url, sentence) => {
    expect(checkOutboundUrl(url)).toContain(sentence);
  });
});

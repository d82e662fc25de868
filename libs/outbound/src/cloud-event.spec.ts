import { cloudEvent } from './cloud-event.js';

describe('cloudEvent', () => {
  it('has the attributes of CloudEvents 1.0', () => {
    const time = new Date('2026-01-02T03:04:05.678Z');
    const source = 'https://models.example.com';
    const given = { id: '7', type: 'promotion_request.applied', source, subject: 'promotion-requests/12', time };
    expect(JSON.parse(JSON.stringify(cloudEvent({ ...given, data: { number: 12 } })))).toEqual({
      ...given,
      specversion: '1.0',
      time: '2026-01-02T03:04:05.678Z',
      datacontenttype: 'application/json',
      data: { number: 12 },
    });
  });
});

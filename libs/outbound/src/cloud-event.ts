/** What has happened, in the service's own words. */
export interface CloudEventInput {
  /** Unique for its source; a repeated delivery has the same. */
  id: string;
  /** For example `promotion_request.applied`. */
  type: string;
  /** The installation, as a URL. */
  source: string;
  /** What it happened to, within the source. */
  subject: string;
  time: Date;
  data: unknown;
}

export interface CloudEvent extends Omit<CloudEventInput, 'time'> {
  specversion: '1.0';
  time: string;
  datacontenttype: 'application/json';
}

/** CloudEvents 1.0 in the structured JSON form: the whole is a body of `application/cloudevents+json`. */
export const cloudEvent = ({ id, type, source, subject, time, data }: CloudEventInput): CloudEvent => ({
  specversion: '1.0',
  id,
  type,
  source,
  subject,
  time: time.toISOString(),
  datacontenttype: 'application/json',
  data,
});

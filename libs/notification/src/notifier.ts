/** What is sent: the same content for each way of showing it. */
export interface Message {
  /** Stays the same when it is sent again. */
  id: string;
  /** One line. */
  subject: string;
  text: string;
  html: string;
}

/** A way to reach somebody. */
export interface Notifier {
  /** Whether the settings for it are there. */
  readonly isEnabled: boolean;
  /**
   * @param address where to; a channel of the whole installation has its own
   * @throws Undeliverable when trying again would not help; any other error when it may
   */
  send(message: Message, address: string): Promise<void>;
}

/** It was not delivered. The message is for whoever it was meant for: it names no machine and no address. */
export class DeliveryFailed extends Error {
  override readonly name: string = 'DeliveryFailed';
}

/** And will not be, however often it is tried. */
export class Undeliverable extends DeliveryFailed {
  override readonly name = 'Undeliverable';
}

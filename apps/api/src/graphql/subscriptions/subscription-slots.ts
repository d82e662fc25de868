import { Config, DomainError } from '@app/platform';
import { Injectable } from '@nestjs/common';

type Kind = 'subscription' | 'WebSocket';

/** How many WebSockets and subscriptions this process, and each principal in it, holds open. */
@Injectable()
export class SubscriptionSlots {
  private readonly taken = new Map<string, number>();

  constructor(private readonly config: Config) {}

  /** @returns what gives the place back, once @throws DomainError UNAVAILABLE: another process may have places */
  takeOfProcess(kind: Kind): () => void {
    const limit = this.config.settings.SUBSCRIPTIONS_PER_PROCESS;
    return this.take(kind, limit, () => {
      const message = `this process holds ${limit} ${kind}s already, as many as it may: try again later`;
      return new DomainError('UNAVAILABLE', 'TOO_MANY_SUBSCRIPTIONS', message);
    });
  }

  /** @returns what gives the place back, once @throws DomainError FAILED_PRECONDITION */
  takeOfPrincipal(kind: Kind, { id, name }: { id: string; name: string }): () => void {
    const limit = this.config.settings.SUBSCRIPTIONS_PER_PRINCIPAL;
    return this.take(`${kind} ${id}`, limit, () => {
      const message = `${name} holds ${limit} ${kind}s open already, as many as one may: end one first`;
      return new DomainError('FAILED_PRECONDITION', 'TOO_MANY_SUBSCRIPTIONS', message);
    });
  }

  private take(key: string, limit: number, refusal: () => DomainError): () => void {
    const count = this.taken.get(key) ?? 0;
    if (count >= limit) throw refusal();
    this.taken.set(key, count + 1);
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      const left = (this.taken.get(key) ?? 1) - 1;
      if (left > 0) this.taken.set(key, left);
      else this.taken.delete(key);
    };
  }
}

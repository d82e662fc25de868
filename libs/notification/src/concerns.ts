import type { Caller } from '@app/platform';
import { PromotionAudience, type Told } from '@app/promotion';
import { Injectable } from '@nestjs/common';
import { type Notification, type NotificationKind, stateOfOutcome } from './notification.js';

type About = Pick<Notification, 'kind' | 'requestId' | 'occasion'>;

interface Concern {
  /** Everybody whom it concerns. */
  people(about: About): Promise<Caller[]>;
  /** What this person is told, while it concerns him and he may see it. */
  told(person: Caller, about: About): Promise<Told | undefined>;
}

/** Which rule of the promotions says whom each kind of notification concerns: nobody is told by another one. */
@Injectable()
export class Concerns {
  readonly #concerns: Record<NotificationKind, Concern>;

  constructor(audience: PromotionAudience) {
    this.#concerns = {
      APPROVAL_AWAITED: {
        people: ({ requestId, occasion }) => audience.approvalPeople(requestId, occasion),
        told: (person, { requestId, occasion }) => audience.approvalFor(person, requestId, occasion),
      },
      WAIVER_AWAITED: {
        people: ({ occasion }) => audience.waiverPeople(occasion),
        told: (person, { occasion }) => audience.waiverFor(person, occasion),
      },
      REVIEW_AWAITED: {
        people: ({ requestId }) => audience.reviewPeople(requestId),
        told: (person, { requestId }) => audience.reviewFor(person, requestId),
      },
      REQUEST_OUTCOME: {
        people: ({ requestId }) => audience.requester(requestId),
        told: (person, { requestId, occasion }) => audience.outcomeFor(person, requestId, stateOfOutcome(occasion)),
      },
      COMMENT: {
        people: ({ requestId, occasion }) => audience.commentPeople(requestId, occasion),
        told: (person, { requestId, occasion }) => audience.commentFor(person, requestId, occasion),
      },
    };
  }

  people(about: About): Promise<Caller[]> {
    return this.#concerns[about.kind].people(about);
  }

  told(person: Caller, about: About): Promise<Told | undefined> {
    return this.#concerns[about.kind].told(person, about);
  }

  /** What a channel is told, which stands for nobody: while there is somebody whom it concerns. */
  async toldOfAnybody(about: About): Promise<Told | undefined> {
    for (const person of await this.people(about)) {
      const told = await this.told(person, about);
      if (told) return told;
    }
    return undefined;
  }
}

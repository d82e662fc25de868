import { PrincipalRepository } from '@app/access';
import { Injectable } from '@nestjs/common';
import type { Dossier } from './dossier.schema.js';

export type Person = Dossier['request']['requester'];

export const isoInstant = (date: Date | null): string | null => date?.toISOString() ?? null;

/** Everybody whom a document names. The names are filled in at its end, all at once. */
export class People {
  private readonly named = new Map<string, Person>();

  person(id: string): Person {
    const known = this.named.get(id) ?? { id, name: null };
    this.named.set(id, known);
    return known;
  }

  personOrNull(id: string | null): Person | null {
    return id === null ? null : this.person(id);
  }

  get ids(): string[] {
    return [...this.named.keys()];
  }

  fillIn(names: ReadonlyMap<string, string>): void {
    for (const person of this.named.values()) person.name = names.get(person.id) ?? null;
  }
}

/** Fills in the names of people, in one statement. Every caller may know them. */
@Injectable()
export class PeopleNames {
  constructor(private readonly principals: PrincipalRepository) {}

  async fillIn(people: People): Promise<void> {
    const found = await this.principals.byIds(people.ids);
    people.fillIn(new Map(found.map(({ id, name }) => [id, name])));
  }
}

import { PermissionDenied } from '@app/access';
import { RefusalLog } from '@app/audit';
import { NotFound } from '@app/platform';
import { Injectable } from '@nestjs/common';
import { underContract } from '../../http/contract.js';
import type { Declaration } from '../../http/requires.js';
import type { NodeType } from '../schema/node.js';

type Load = (key: string) => Promise<object | null>;

/** How node(id:) finds an object of each type; each domain's resolver enters its own. A loader checks rights like the field it stands for. */
@Injectable()
export class NodeRegistry {
  private readonly loaders = new Map<NodeType, { declaration: Declaration; load: Load }>();

  constructor(private readonly refusals: RefusalLog) {}

  /** @param declaration what the loader asks, as @Requires and @Open say it of a field */
  register(type: NodeType, declaration: Declaration, load: Load): void {
    if (this.loaders.has(type)) throw new Error(`two loaders for the node type ${type}`);
    this.loaders.set(type, { declaration, load });
  }

  /** The object, or null when it is absent or hidden, or when nothing of its type can be looked up by id. */
  async load(type: NodeType, key: string): Promise<object | null> {
    const entry = this.loaders.get(type);
    if (!entry) return null;
    try {
      const node = await underContract(entry.declaration, `node of type ${type}`, () => entry.load(key));
      return node ? Object.assign(node, { __typename: type }) : null;
    } catch (error) {
      if (!(error instanceof NotFound || error instanceof PermissionDenied)) throw error;
      this.refusals.note(error);
      return null;
    }
  }
}

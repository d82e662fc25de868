import { AlreadyExists, NotFound } from '@app/platform';
import { ModelRecords, RegisteredModels } from '@app/registry';
import { Injectable } from '@nestjs/common';
import { isPrompt } from './search.js';

/** A name that is taken by a prompt, or by a model, as far as the caller may know which. */
class NameOfAnother extends AlreadyExists {
  constructor(name: string, wanted: string, there: string) {
    super('Name', name);
    this.message = `Tried to create a ${wanted} with name '${name}', but the name is already taken by a ${there}: a model and a prompt cannot have one name, as MLflow does not allow it`;
  }
}

/** Prompts among the models. */
@Injectable()
export class Prompts {
  constructor(
    private readonly models: RegisteredModels,
    private readonly records: ModelRecords,
  ) {}

  /** Creates a model or a prompt, whose name was asked for as `name`; where the name is taken, says by which of them, to who may see the tags of what is there. */
  async tellingApart<T>(name: string, fullName: string, wanted: boolean, create: () => Promise<T>): Promise<T> {
    try {
      return await create();
    } catch (error) {
      if (!(error instanceof AlreadyExists)) throw error;
      const there = await this.isPromptThere(fullName);
      if (there === undefined) throw error;
      if (there !== wanted) throw new NameOfAnother(name, nounOf(wanted), nounOf(there));
      throw there ? new AlreadyExists('Prompt', error.objectName) : error;
    }
  }

  /** Undefined where the caller may not know. */
  private async isPromptThere(fullName: string): Promise<boolean | undefined> {
    try {
      const model = await this.models.get(fullName);
      return isPrompt(await this.records.tagsOf([model.id]));
    } catch (error) {
      if (error instanceof NotFound) return undefined;
      throw error;
    }
  }
}

const nounOf = (prompt: boolean): string => (prompt ? 'prompt' : 'registered model');

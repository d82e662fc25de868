import { Config } from '@app/platform';
import { flatModelName, fullModelName } from '@app/registry';
import { Injectable } from '@nestjs/common';

/** Names of models as MLflow clients write them: flat in the default schema, or full. */
@Injectable()
export class ModelNames {
  private readonly defaultSchema: string;

  constructor(config: Config) {
    this.defaultSchema = config.settings.DEFAULT_SCHEMA;
  }

  /** @throws InvalidArgument for one dot, more than two, or a segment that breaks the rules of names */
  full(name: string, field?: string): string {
    return fullModelName(name, this.defaultSchema, field);
  }

  /** The name of a model in the form in which it was asked for. */
  asAsked(name: string, fullName: string): string {
    return name.includes('.') ? fullName : flatModelName(fullName, this.defaultSchema);
  }
}

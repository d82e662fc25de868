/** Something that the person who starts the service can mend: shown without a stack. */
export class StartError extends Error {}

// Generates the Prisma client from prisma/schema.prisma.
import { generateClient } from './lib/setup.mjs';

await generateClient();

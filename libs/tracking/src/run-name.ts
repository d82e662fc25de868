import { randomInt } from 'node:crypto';

/** MLflow keeps a run's name as this tag too. */
export const runNameTag = 'mlflow.runName';

const adjectives =
  'able agile amber ample ardent balmy bold brave breezy bright brisk calm candid cheerful clean clever cosmic crisp curious daring deft dapper eager earnest fair fearless fine fleet fond frank fresh gentle gleaming golden grand handy hardy honest humble jolly keen kind light lively loyal lucid mellow merry mild neat nimble noble polite proud quick quiet rapid salty serene sharp silent smooth sober stately steady sunny swift tidy tranquil trusty upbeat valiant vivid warm wise witty worthy zesty'.split(
    ' ',
  );
const animals =
  'albatross ant badger bat bear beaver bee bison boar calf carp cat colt cow crab crane cricket crow deer dolphin donkey dove duck eagle eel elk falcon ferret finch fish flea fox frog gnat goat goose grouse gull hare hawk hen heron horse ibex jay kite koala lamb lark lion loon lynx magpie mare mink mole moose moth mouse mule newt orca otter owl ox panda perch pig pug quail ram rat raven robin rook seal shark sheep shrew skunk sloth slug snail snipe sparrow squid stag stoat stork swan tern toad trout vole wasp whale wolf wren yak zebra'.split(
    ' ',
  );

const oneOf = (words: string[]): string => words[randomInt(words.length)] as string;

/** A name for a run or a model that was given none: `nimble-otter-417`. */
export const randomName = (): string => `${oneOf(adjectives)}-${oneOf(animals)}-${randomInt(1000)}`;

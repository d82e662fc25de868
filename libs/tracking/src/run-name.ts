import { randomInt } from 'node:crypto';

/** MLflow keeps a run's name as this tag too. */
export const runNameTag = 'mlflow.runName';

/** Programs that tell a given name from a made one know these of MLflow's adjectives. */
const adjectives =
  'able adaptable adventurous agreeable amazing ambitious amusing awesome beautiful bold bright calm capable carefree caring charming clean colorful dapper dashing delightful efficient fearless fortunate fun funny gentle gifted handsome honorable industrious intelligent kindly legendary likeable luminous marvelous melodic merciful nimble orderly peaceful persistent polite popular rare resilient salty silent sincere skillful sophisticated stately stylish thoughtful traveling unique upbeat useful valuable victorious welcoming whimsical wise youthful zealous'.split(
    ' ',
  );
const animals =
  'albatross ant badger bat bear beaver bee bison boar calf carp cat colt cow crab crane cricket crow deer dolphin donkey dove duck eagle eel elk falcon ferret finch fish flea fox frog gnat goat goose grouse gull hare hawk hen heron horse ibex jay kite koala lamb lark lion loon lynx magpie mare mink mole moose moth mouse mule newt orca otter owl ox panda perch pig pug quail ram rat raven robin rook seal shark sheep shrew skunk sloth slug snail snipe sparrow squid stag stoat stork swan tern toad trout vole wasp whale wolf wren yak zebra'.split(
    ' ',
  );

const oneOf = (words: string[]): string => words[randomInt(words.length)] as string;

/** A name for a run or a model that was given none: `nimble-otter-417`. */
export const randomName = (): string => `${oneOf(adjectives)}-${oneOf(animals)}-${randomInt(1000)}`;

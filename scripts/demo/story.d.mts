export interface StoryTransition {
  versionNumber: number | null;
  replacedVersionNumber: number | null;
}

export function playStory(options: {
  service: { url: string };
  adminToken: string;
  client: object;
  say: (line: string) => void;
}): Promise<{ good: number; weak: number; request: { number: number }; transitions: StoryTransition[] }>;

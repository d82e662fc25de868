/** What nobody can see: an upload whose bytes have all arrived, or what is being removed. */
export interface StagedArtifact {
  id: string;
}

/** One principal is directly in a group. */
export interface Membership {
  groupId: string;
  groupName: string;
  memberId: string;
}

interface Named {
  id: string;
  name: string;
}

/**
 * How `bottom` is in `top`: the names from the one down to the other, by a shortest way.
 * @param memberships all on the ways up from `bottom`
 * @returns undefined when it is not in it
 */
export function chainDown(memberships: readonly Membership[], top: Named, bottom: Named): string[] | undefined {
  const chains = new Map([[bottom.id, [bottom.name]]]);
  // A Map iterates over what is added on the way: breadth first.
  for (const [id, names] of chains) {
    if (id === top.id) return names;
    for (const { groupId, groupName, memberId } of memberships) {
      if (memberId === id && !chains.has(groupId)) chains.set(groupId, [groupName, ...names]);
    }
  }
  return undefined;
}

import type { ByActorDraft } from '~~/components/run/ByActorFields.vue'

/**
 * The form of a command that does something with everything an actor made; the address may name the actor or a run.
 * @param command whose run the address may name
 * @returns the draft, and the request that it makes, not yet checked
 */
export async function useByActor(command: string) {
  const { query } = useRoute()
  const again = await useRunAgain(command)
  const state = ref<ByActorDraft>({
    actor: asText(query.actor) || asText(again.actor),
    mode: again.dry_run === false ? 'live' : 'dry_run',
    reason: asText(again.reason),
  })
  const asked = computed(() => ({ actor: state.value.actor, dry_run: state.value.mode === 'dry_run' }))
  return { state, asked }
}

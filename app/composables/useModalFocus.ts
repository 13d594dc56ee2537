/**
 * Where the focus goes when a dialogue opens, and back to what opened it when it closes.
 *
 * Reka's own scope does both, but only where nothing in the dialogue changes while it is being mounted: otherwise it
 * takes the focus to the dialogue itself, and neither of its events is ever sent.
 * @param open whether the dialogue is open
 * @param first selector of what has the focus first; where there is none, the dialogue's own first field
 * @returns for the `content` of a UModal
 */
export function useModalFocus(open: () => boolean, first: () => string) {
  let opener: Element | null = null
  let placed = false

  watch(open, (isOpen) => {
    placed = false
    if (isOpen) opener = document.activeElement
    // After the dialogue has let go of the focus.
    else setTimeout(() => opener instanceof HTMLElement && opener.focus())
  }, { flush: 'sync' })

  function place(event: Event) {
    if (placed) return
    const target = (event.currentTarget as HTMLElement | null)?.querySelector<HTMLElement>(first())
    placed = true
    if (!target) return
    event.preventDefault()
    target.focus()
  }
  return {
    onOpenAutoFocus: place,
    onFocusin: (event: Event) => event.target === event.currentTarget && place(event),
  }
}

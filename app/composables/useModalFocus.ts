/**
 * Where the focus goes when a dialogue opens, and back to what opened it when it closes.
 * @param first selector of what has the focus first; where there is none, the dialogue's own first field
 * @returns for the `content` of a UModal
 */
export function useModalFocus(first: () => string) {
  let opener: Element | null = null
  return {
    onOpenAutoFocus(event: Event) {
      opener = document.activeElement
      const target = (event.target as HTMLElement).querySelector<HTMLElement>(first())
      if (!target) return
      event.preventDefault()
      target.focus()
    },
    onCloseAutoFocus(event: Event) {
      if (!(opener instanceof HTMLElement)) return
      // What had the focus last before the dialogue may have been a menu in it, which is gone.
      event.preventDefault()
      opener.focus()
    },
  }
}

/** Whether the server has last said that nobody is signed in any more: the frame shows the way back, and keeps the page. */
export const useSignedOut = () => useState('signed-out', () => false)

/** What is set up first, in this order; each stands in the address of its page. */
export const STEPS = ["owner", "store", "camera", "check"] as const;
export type Step = (typeof STEPS)[number];

export const videoRoutes = [] as const;

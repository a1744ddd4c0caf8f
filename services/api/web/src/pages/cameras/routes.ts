export const cameraRoutes = [] as const;

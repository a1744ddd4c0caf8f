// Shows what Web Push brings, and opens the alert on a click. Asked for only once somebody wants it.
self.addEventListener("push", (event) => {
  const { title, alert_id, severity, url } = event.data.json();
  const options = {
    icon: "/icon.svg",
    tag: alert_id,
    requireInteraction: severity === "critical",
    data: { url: url || `/alerts/${alert_id}` },
  };
  event.waitUntil(self.registration.showNotification(title, options));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(self.clients.openWindow(event.notification.data.url));
});

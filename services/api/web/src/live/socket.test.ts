import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { address, type Connection, EventSocket, type LiveEvent } from "./socket";

class FakeSocket {
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  constructor(readonly url: string) {}
  close() {
    this.onclose?.(new CloseEvent("close"));
  }
  say(id: string, event: string, data: object = {}) {
    this.onmessage?.(new MessageEvent("message", { data: JSON.stringify({ id, event, data }) }));
  }
}

function opened() {
  const sockets: FakeSocket[] = [];
  const heard: LiveEvent[] = [];
  const states: Connection[] = [];
  const socket = new EventSocket(
    { kind: ["scores"] },
    (event) => heard.push(event),
    (state) => states.push(state),
    (url) => {
      const fake = new FakeSocket(url);
      sockets.push(fake);
      return fake as unknown as WebSocket;
    },
  );
  return {
    socket,
    sockets,
    heard,
    states,
    latest: () => sockets[sockets.length - 1] as FakeSocket,
  };
}

describe("a stream of events", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("goes on after the latest event once it comes back", () => {
    const { latest, sockets, heard } = opened();
    latest().say("7", "score", { source_id: "a" });
    latest().close();
    vi.advanceTimersByTime(2_000);
    expect(sockets.length).toBe(2);
    expect(new URL(latest().url).searchParams.get("after")).toBe("7");
    expect(heard).toEqual([{ name: "score", data: { source_id: "a" } }]);
  });

  it("keeps what only says that it is alive to itself", () => {
    const { latest, heard, states } = opened();
    latest().say("1", "ready");
    latest().say("2", "heartbeat");
    expect(heard).toEqual([{ name: "ready", data: {} }]);
    expect(states).toEqual(["connecting", "live", "live"]);
  });

  it("is ready once, since it misses nothing after that", () => {
    const { latest, heard } = opened();
    latest().say("1", "ready");
    latest().close();
    vi.advanceTimersByTime(2_000);
    latest().say("1", "ready");
    expect(heard).toEqual([{ name: "ready", data: {} }]);
  });

  it("says that it is lost only when it stays away", () => {
    const { latest, states } = opened();
    latest().say("1", "ready");
    latest().close();
    expect(states).not.toContain("lost");
    vi.advanceTimersByTime(1_500);
    expect(states).toContain("lost");
  });

  it("takes one that says nothing any more for gone", () => {
    const { latest, sockets } = opened();
    latest().say("1", "ready");
    vi.advanceTimersByTime(60_000);
    expect(sockets.length).toBeGreaterThan(1);
  });

  it("does not come back once it is closed", () => {
    const { socket, sockets } = opened();
    socket.close();
    vi.advanceTimersByTime(120_000);
    expect(sockets.length).toBe(1);
  });

  it("names what it wants", () => {
    const url = new URL(address({ kind: ["scores", "health"], score_every_s: 0 }, ""));
    expect(url.searchParams.getAll("kind")).toEqual(["scores", "health"]);
    expect(url.searchParams.get("score_every_s")).toBe("0");
    expect(url.searchParams.has("after")).toBe(false);
    expect(url.protocol).toBe("ws:");
  });
});

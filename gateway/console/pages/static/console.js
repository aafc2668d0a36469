// What every page of the console does in the browser beside what it draws.
"use strict";
(() => {
  const YEAR_S = 31536000;
  const LOOK_MS = 50;

  function cookie(name) {
    const found = document.cookie.split("; ").find((one) => one.startsWith(name + "="));
    return found && found.slice(name.length + 1);
  }

  function keep(name, value) {
    document.cookie = `${name}=${value}; path=/; max-age=${YEAR_S}; samesite=lax`;
  }

  window.console_choose = (name, value) => {
    keep(name, value);
    location.reload();
  };

  // Times are written by the server, in the zone of whoever looks.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const before = cookie("evalgate_zone") || "UTC";
  if (zone && before !== zone) {
    keep("evalgate_zone", zone);
    if (cookie("evalgate_zone") === zone) location.reload();
  }

  // A page whose log-in is over, or whose gateway was started again, asks for one.
  async function check() {
    try {
      const answer = await fetch("/api/v1/pipeline", { cache: "no-store" });
      if (answer.status === 401) {
        location.href = "/login?next=" + encodeURIComponent(location.pathname + location.search);
      }
    } catch (error) {
      // The gateway is away: the library says so, and tries again.
    }
  }

  function listen() {
    if (!window.socket) {
      setTimeout(listen, LOOK_MS);
      return;
    }
    window.socket.on("connect_error", check);
    window.socket.on("disconnect", check);
  }

  document.addEventListener("visibilitychange", () => {
    if (typeof emitEvent === "function") emitEvent("console_hidden", document.hidden);
  });
  listen();
})();

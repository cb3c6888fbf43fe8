<?php

declare(strict_types=1);

// The page that people see. Given: $count, $latest (orders) and $suggestion (a free order number).

?>
<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Orders · Nordlys</title>
  <style>
    :root { color-scheme: light dark; --ink: #14212b; --soft: #5b6b77; --paper: #f6f8f9; --card: #fff; --line: #dde4e8; --accent: #0c6b58; --on-accent: #fff; }
    @media (prefers-color-scheme: dark) {
      :root { --ink: #e3ebf0; --soft: #91a3af; --paper: #0d151b; --card: #15212a; --line: #263541; --accent: #54d6b4; --on-accent: #06231c; }
    }
    * { box-sizing: border-box; }
    body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
    main { max-width: 42rem; margin: 0 auto; padding: clamp(2rem, 8vh, 5rem) 1.25rem; }
    h1 { margin: 0 0 .25rem; font-size: clamp(1.75rem, 5vw, 2.5rem); letter-spacing: -.02em; }
    h2 { margin: 2.5rem 0 .75rem; font-size: 1.05rem; }
    p { margin: 0; color: var(--soft); }
    form { display: grid; grid-template-columns: 1fr auto; gap: .35rem .75rem; margin-top: 2rem; padding: 1.25rem; background: var(--card); border: 1px solid var(--line); border-radius: .75rem; }
    label { grid-column: 1 / -1; font-weight: 600; font-size: .9rem; }
    input, button { font: inherit; padding: .6rem .8rem; border-radius: .5rem; border: 1px solid var(--line); min-width: 0; }
    input { background: var(--paper); color: inherit; font-family: ui-monospace, monospace; }
    button { background: var(--accent); color: var(--on-accent); border-color: transparent; font-weight: 600; cursor: pointer; }
    :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
    table { width: 100%; border-collapse: collapse; background: var(--card); border: 1px solid var(--line); border-radius: .75rem; overflow: hidden; }
    th, td { padding: .6rem 1.25rem; text-align: left; border-top: 1px solid var(--line); font-variant-numeric: tabular-nums; }
    th { border-top: 0; font-size: .85rem; color: var(--soft); font-weight: 600; }
    td:first-child { font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
    td:last-child, th:last-child { text-align: right; white-space: nowrap; }
    a { color: inherit; }
  </style>
</head>
<body>
<main>
  <h1>Nordlys</h1>
  <p><?= number_format($count, thousands_separator: ' ') ?> <?= $count === 1 ? 'order' : 'orders' ?> in the book, kept in Norway.</p>

  <form method="post" action="/orders">
    <label for="number">Order number</label>
    <input id="number" name="number" required maxlength="64" pattern="[A-Za-z0-9][A-Za-z0-9._\-]*" value="<?= escape($suggestion) ?>">
    <button>Place order</button>
  </form>

  <h2>Latest orders</h2>
<?php if ($latest === []): ?>
  <p>None yet. The first one could be yours.</p>
<?php else: ?>
  <table>
    <thead><tr><th scope="col">Number</th><th scope="col">Placed (UTC)</th></tr></thead>
    <tbody>
<?php foreach ($latest as $order): ?>
      <tr><td><a href="/orders/<?= escape(rawurlencode($order['number'])) ?>"><?= escape($order['number']) ?></a></td><td><?= escape($order['placed_at']) ?></td></tr>
<?php endforeach ?>
    </tbody>
  </table>
<?php endif ?>
</main>
</body>
</html>

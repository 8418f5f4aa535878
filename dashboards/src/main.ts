/** Starts the page: styles, the desk, the frame, the test hook. */
import './ui/theme.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { desk } from './live/desk.svelte';
import { hook } from './ui/hook';
import { router } from './ui/router.svelte';

hook.board = desk.board;
hook.counts = () => desk.board.counts();
hook.alarms = () => desk.book.sorted();
hook.status = () => desk.status;
window.__specola = hook;

const target = document.getElementById('app');
if (target) mount(App, { target });
// A one-time link signs in by itself; everything else first asks who we are.
if (router.path === '/signin' && router.query.has('code')) desk.phase = 'signed_out';
else void desk.start();

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from core.append_only import protect


class Migration(migrations.Migration):

    dependencies = [
        ('integrations', '0002_guide_and_left_out'),
        ('leads', '0007_list_indexes'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CalendarEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uid', models.CharField(max_length=200)),
                ('occurrence', models.CharField(blank=True, help_text='of a series: which one of them', max_length=40)),
                ('sequence', models.PositiveIntegerField(default=0)),
                ('stamped_at', models.DateTimeField(help_text='when this version was written, by itself')),
                ('cancelled', models.BooleanField(default=False)),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='CopyAddress',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.CharField(max_length=32, unique=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='copy_addresses', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='CopyDoor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.EmailField(help_text='log@copies.example.com; people get log+secret@copies.example.com', max_length=120)),
                ('sealed_secret', models.TextField(blank=True, help_text='of the HTTP door, see core.sealing')),
                ('changed_at', models.DateTimeField()),
                ('changed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='MailCopy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('message_id', models.CharField(blank=True, max_length=250)),
                ('sent_at', models.DateTimeField(help_text='by its own date, if that is plausible')),
                ('received_at', models.DateTimeField()),
                ('outcome', models.CharField(choices=[('logged', 'Logged'), ('no_lead', 'No lead has this address'), ('automated', 'Sent by a machine'), ('sender', 'Not sent by the owner of the address'), ('not_allowed', 'The person logs no contacts'), ('no_meeting', 'A calendar entry without you, or an older version of one'), ('unreadable', 'Could not be read')], max_length=11)),
                ('matched', models.PositiveIntegerField(default=0, help_text='leads on which it was logged')),
                ('domains', models.CharField(blank=True, max_length=250)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Meeting',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_at', models.DateTimeField(help_text='when it will have taken place')),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('entry', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='meetings', to='integrations.calendarentry')),
                ('lead', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='leads.lead')),
                ('pause', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='leads.leadevent')),
                ('touch', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='leads.touch')),
            ],
        ),
        migrations.AddConstraint(
            model_name='calendarentry',
            constraint=models.UniqueConstraint(fields=('user', 'uid', 'occurrence', 'sequence', 'stamped_at'), name='integrations_entry_version'),
        ),
        migrations.AddConstraint(
            model_name='copyaddress',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('user',), name='integrations_one_copy_address'),
        ),
        migrations.AddIndex(
            model_name='mailcopy',
            index=models.Index(fields=['user', '-received_at'], name='integrations_copy_by_person'),
        ),
        migrations.AddIndex(
            model_name='meeting',
            index=models.Index(condition=models.Q(('ended_at__isnull', True), ('touch__isnull', True)), fields=['due_at'], name='integrations_meeting_open'),
        ),
        migrations.AddConstraint(
            model_name='meeting',
            constraint=models.UniqueConstraint(fields=('entry', 'lead'), name='integrations_meeting_once'),
        ),
        *protect("integrations_mailcopy", "integrations_calendarentry"),
    ]
